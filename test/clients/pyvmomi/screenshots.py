#!/usr/bin/python3
"""Screenshots of a running machine by unmodified pyVmomi, then of the same machine when it is off. Prints what the tasks
say.

usage: screenshots.py --port P --password-file F --name MACHINE
"""
import argparse

from drive_host import wait_for_task, walk
from pyVim import connect
from pyVmomi import vim


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--name", required=True)
    args = parser.parse_args()
    with open(args.password_file) as handle:
        password = handle.read().strip()
    instance = connect.SmartConnectNoSSL(host="127.0.0.1", port=args.port, user="root", pwd=password)
    content = instance.RetrieveContent()
    vm = next(one for one in walk(content, [vim.VirtualMachine]) if one.name == args.name)
    for _ in range(2):
        print(wait_for_task(content, vm.CreateScreenshot_Task()).result)
    wait_for_task(content, vm.PowerOffVM_Task())
    print(type(wait_for_task(content, vm.CreateScreenshot_Task()).error).__name__)
    connect.Disconnect(instance)


if __name__ == "__main__":
    main()
