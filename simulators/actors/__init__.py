"""Recruiters and candidates who act on ESR and NHS Jobs, over HTTP alone.

They know the contracts and nothing of the systems behind them: no module here imports `sandbox`.
"""
