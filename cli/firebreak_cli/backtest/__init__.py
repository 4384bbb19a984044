"""`firebreak backtest`: an account's alarm history replayed through the functions that decide."""
