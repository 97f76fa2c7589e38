"""Google Kubernetes Engine. Google's client libraries are imported where they are used: they take a second."""
