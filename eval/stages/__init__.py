"""What commands take besides counting and training: start-up, compilation, and stages that are not parallel."""
