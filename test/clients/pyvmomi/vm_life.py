#!/usr/bin/python3
"""The life of a virtual machine from nothing, by unmodified pyVmomi. Prints one line per step; exits 1 at a wrong one.

usage: vm_life.py --port P --password-file F --step create|powered-on|reconfigure|destroy
"""
import argparse

from drive_host import check, wait_for_task, walk
from pyVim import connect
from pyVmomi import vim

NAME = "life"
PATH = "[storage1] life/life.vmx"


def succeed(content, title, task):
    info = wait_for_task(content, task)
    check(title, info.state == "success", info.error and info.error.msg or "")
    return info.result


def refused(content, title, task, fault):
    info = wait_for_task(content, task)
    check(title, isinstance(info.error, fault), type(info.error).__name__)
    return info.error


def added(device, file_operation=None):
    spec = vim.vm.device.VirtualDeviceSpec(operation="add", device=device)
    if file_operation is not None:
        spec.fileOperation = file_operation
    return spec


def disk(key, controller, unit, kilobytes, thin=False):
    backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(fileName="", diskMode="persistent", thinProvisioned=thin)
    return vim.vm.device.VirtualDisk(
        key=key, controllerKey=controller, unitNumber=unit, capacityInKB=kilobytes, backing=backing
    )


def cdrom(path):
    connectable = vim.vm.device.VirtualDevice.ConnectInfo(
        startConnected=True, allowGuestControl=True, connected=False
    )
    backing = vim.vm.device.VirtualCdrom.IsoBackingInfo(fileName=path)
    return vim.vm.device.VirtualCdrom(
        key=-3, controllerKey=201, unitNumber=0, backing=backing, connectable=connectable
    )


def serial():
    backing = vim.vm.device.VirtualSerialPort.PipeBackingInfo(pipeName="com1", endpoint="server")
    return vim.vm.device.VirtualSerialPort(key=-4, backing=backing, yieldOnPoll=True)


def device(vm, label):
    found = [one for one in vm.config.hardware.device if one.deviceInfo.label == label]
    check("there is %s" % label, len(found) == 1)
    return found[0]


def find(content, name=NAME):
    found = [vm for vm in walk(content, [vim.VirtualMachine]) if vm.name == name]
    return found[0] if found else None


def create(content):
    datacenter = content.rootFolder.childEntity[0]
    pool = datacenter.hostFolder.childEntity[0].resourcePool
    config = vim.vm.ConfigSpec(
        name=NAME,
        guestId="other26xLinuxGuest",
        numCPUs=1,
        memoryMB=64,
        annotation="made by pyVmomi",
        files=vim.vm.FileInfo(vmPathName="[storage1]"),
        deviceChange=[
            added(disk(-2, 200, 0, 10240, thin=True), "create"),
            added(disk(-5, 200, 1, 2048), "create"),
            added(cdrom("[storage1] iso/boot.iso")),
            added(serial()),
        ],
    )
    vm = succeed(content, "CreateVM_Task succeeds", datacenter.vmFolder.CreateVM_Task(config, pool, None))
    check("it is where it was asked to be", vm.config.files.vmPathName == PATH, vm.config.files.vmPathName)
    check("it has its memory", vm.config.hardware.memoryMB == 64)
    check("its disk is thin", device(vm, "Hard disk 1").backing.thinProvisioned is True)
    check("its second disk is not", device(vm, "Hard disk 2").backing.thinProvisioned is False)
    check("its disk has its size", device(vm, "Hard disk 1").capacityInKB == 10240)
    check("its CD shows the image", device(vm, "CD/DVD Drive 1").backing.fileName == "[storage1] iso/boot.iso")
    check("its serial port is a pipe", device(vm, "Serial port 1").backing.pipeName == "com1")
    vm.RefreshStorageInfo()
    types = {one.name.split("/")[-1]: one.type for one in vm.layoutEx.file}
    check("its files are told", types["life.vmx"] == "config" and types["life-flat.vmdk"] == "diskExtent", types)
    usage = vm.storage.perDatastoreUsage[0]
    check("its thin disk has all to take", usage.uncommitted == 10 * 2**20, usage.uncommitted)
    option = vm.environmentBrowser.QueryConfigOption(None, None)
    check("the host tells its hardware version", option.version == vm.config.version, option.version)
    error = refused(
        content, "a name is given once", datacenter.vmFolder.CreateVM_Task(config, pool, None), vim.fault.DuplicateName
    )
    check("the fault names the machine", error.object == vm)


def powered_on(content):
    vm = find(content)
    succeed(content, "PowerOnVM_Task succeeds", vm.PowerOnVM_Task())
    port = device(vm, "Serial port 1")
    check("its serial port is connected", port.connectable.connected)
    port.connectable.connected = False
    edit = vim.vm.device.VirtualDeviceSpec(operation="edit", device=port)
    succeed(content, "its serial port is disconnected", vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[edit])))
    check("the port is told as disconnected", not device(vm, "Serial port 1").connectable.connected)
    refused(
        content,
        "memory does not change while it runs",
        vm.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=128)),
        vim.fault.InvalidPowerState,
    )
    refused(content, "it is not destroyed while it runs", vm.Destroy_Task(), vim.fault.InvalidPowerState)
    spec = vim.vm.ConfigSpec(annotation="changed while it ran")
    succeed(content, "its annotation changes while it runs", vm.ReconfigVM_Task(spec))
    check("the annotation is told", vm.config.annotation == "changed while it ran")


def reconfigure(content):
    vm = find(content)
    succeed(content, "PowerOffVM_Task succeeds", vm.PowerOffVM_Task())
    version = vm.config.changeVersion
    grown = device(vm, "Hard disk 1")
    grown.capacityInKB = 20480
    edit = vim.vm.device.VirtualDeviceSpec(operation="edit", device=grown)
    drop = vim.vm.device.VirtualDeviceSpec(operation="remove", fileOperation="destroy", device=device(vm, "Hard disk 2"))
    spec = vim.vm.ConfigSpec(changeVersion=version, memoryMB=32, deviceChange=[edit, drop])
    succeed(content, "ReconfigVM_Task succeeds", vm.ReconfigVM_Task(spec))
    check("the disk has grown", device(vm, "Hard disk 1").capacityInKB == 20480)
    refused(
        content, "an old version is refused", vm.ReconfigVM_Task(spec), vim.fault.ConcurrentAccess
    )
    odd = vim.vm.ConfigSpec(memoryMB=33)
    error = wait_for_task(content, vm.ReconfigVM_Task(odd)).error
    check("an odd size is refused by name", getattr(error, "invalidProperty", None) == "configSpec.memoryMB")
    succeed(content, "Rename_Task succeeds", vm.Rename_Task("second life"))
    check("it has its new name", find(content, "second life") == vm)
    vm.UnregisterVM()
    check("it is unregistered", find(content, "second life") is None)
    datacenter = content.rootFolder.childEntity[0]
    pool = datacenter.hostFolder.childEntity[0].resourcePool
    task = datacenter.vmFolder.RegisterVM_Task(PATH, None, False, pool, None)
    vm = succeed(content, "RegisterVM_Task succeeds", task)
    check("it is itself again", vm.name == "second life" and vm.config.hardware.memoryMB == 32)
    succeed(content, "it runs again", vm.PowerOnVM_Task())


def destroy(content):
    vm = find(content, "second life")
    succeed(content, "PowerOffVM_Task succeeds", vm.PowerOffVM_Task())
    succeed(content, "Destroy_Task succeeds", vm.Destroy_Task())
    check("it is gone", find(content, "second life") is None)


STEPS = {"create": create, "powered-on": powered_on, "reconfigure": reconfigure, "destroy": destroy}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--step", choices=sorted(STEPS), required=True)
    args = parser.parse_args()
    with open(args.password_file) as handle:
        password = handle.read().strip()
    instance = connect.SmartConnectNoSSL(host="127.0.0.1", port=args.port, user="root", pwd=password)
    STEPS[args.step](instance.RetrieveContent())
    connect.Disconnect(instance)


if __name__ == "__main__":
    main()
