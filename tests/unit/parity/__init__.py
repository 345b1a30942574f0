"""The three clouds compared: the same platform, to the same depth, or a written reason. Source: TGT-6."""
