"""Co-occurrences: windows over text, exact sums, the blocked matrix on disk. Vectors are not known here."""
