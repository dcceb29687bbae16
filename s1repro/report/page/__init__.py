"""The page: one HTML file with the curve, the tables and a reader for every sample (`s1repro.report.page.document`)."""
