"""What an API in place of hourly files may be worth in a year: measured times and named assumptions, turned into pounds.

Nothing here confirms a published figure: the times are a mock's, and most of what makes hours into pounds is assumed.
"""
