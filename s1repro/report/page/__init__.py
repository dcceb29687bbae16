"""The page: one HTML file with the curve, the tables and a reader for samples (`s1repro.report.page.document`)."""
