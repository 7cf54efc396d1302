"""What falls due on the world's clock: kept with the change that sets it, done in order when its moment comes."""
