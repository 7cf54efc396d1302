"""The mock ESR: organisations, positions, vacancies, applicants, employment checks, transfers and events."""
