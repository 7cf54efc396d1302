"""Reports for people and for pipelines: one self-contained HTML page, JSON, JUnit. They only show what was judged elsewhere."""
