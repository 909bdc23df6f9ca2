"""Prints a line for each packet to an address that is not loopback, in the network namespace it runs in; one argument: seconds.

In that namespace every address in the world is the machine's own, so that nothing leaves and everything that is tried is seen
on the one interface, names asked of a resolver too. The first line is ``ready``. Runs with a bare Python.
"""

import ipaddress
import socket
import struct
import sys
import time

ETH_ALL = 3
TCP, UDP = 6, 17


def main() -> None:
    """Watch until the time is over."""
    deadline = time.monotonic() + float(sys.argv[1])
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_ALL)) as packets:
        packets.bind(("lo", 0))
        packets.settimeout(1.0)
        print("ready", flush=True)
        while time.monotonic() < deadline:
            try:
                told = describe(packets.recv(2048)[14:])
            except TimeoutError:
                continue
            if told:
                print(told, flush=True)


def describe(packet: bytes) -> str:
    """Say where a packet goes; nothing for one that stays on loopback."""
    version = packet[0] >> 4
    if version == 4:
        protocol, start = packet[9], (packet[0] & 15) * 4
        to = ipaddress.ip_address(packet[16:20])
    else:
        protocol, start = packet[6], 40
        to = ipaddress.ip_address(packet[24:40])
    mapped = getattr(to, "ipv4_mapped", None)
    if (mapped or to).is_loopback:
        return ""
    port = struct.unpack("!H", packet[start + 2 : start + 4])[0] if protocol in (TCP, UDP) and len(packet) >= start + 4 else 0
    return f"{to} port {port}"


if __name__ == "__main__":
    main()
