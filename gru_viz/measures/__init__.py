"""What a page measures of its runs, a module for each page: numbers alone, no word and no colour."""
