"""MLflow's scoring protocol: a server for one model, the process around it, and a client."""
