"""What gives workloads more and fewer replicas by the work that waits for them."""

from components.scaling.keda import Keda, KedaArgs

__all__ = ["Keda", "KedaArgs"]
