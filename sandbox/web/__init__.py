"""Where HTTP meets the sandbox: one call in, one reply out, judged by the contract on the way."""
