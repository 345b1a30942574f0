"""How rules read resources: containers, labels, tags, Helm values, image references."""
