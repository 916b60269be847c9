"""What may become of a check in its worker process, in place of the check itself."""

import importlib
import os
import time


def ends(experiment):
    os._exit(1)


def lacks_torch(experiment):
    importlib.import_module("no_such_torch")


def sleeps(experiment):
    time.sleep(60)


def eats_memory(experiment):
    bytearray(2 * 10**9)


def raises(experiment):
    raise ZeroDivisionError(experiment)
