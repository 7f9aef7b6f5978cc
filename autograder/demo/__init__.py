"""A made-up class: submissions made from the solutions, right, wrong, broken and strange."""
