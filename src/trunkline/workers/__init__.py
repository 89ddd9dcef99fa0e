"""Several processes that share one port, for more than one core.

    supervisor.Supervisor    starts the workers, passes orders on, starts again what died, adds up the metrics
    worker                   what runs in each: `python -m trunkline.workers.worker`
    channel                  what the two say to each other, over a socket that each loses when the other dies

The kernel spreads connections over the workers (SO_REUSEPORT). The supervisor answers no requests of applications, so
that it can host the control plane and cannot be overwhelmed.
"""
