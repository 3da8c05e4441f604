"""The protocol of WeDrive and WeDoc: builds calls and reads responses, without sockets."""
