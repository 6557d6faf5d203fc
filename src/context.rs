//! What a command may know: the instant, the environment, the configuration, the streams.
