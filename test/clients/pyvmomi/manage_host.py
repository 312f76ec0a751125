#!/usr/bin/python3
"""Manages a host by unmodified pyVmomi and checks what it says. Prints one line per step; exits 1 at a wrong one.

usage: manage_host.py --port P --password-file F (--manage VM | --after VM)
--manage  reads all of the host's managers, and has VM start and stop with the host
--after   after a boot: VM runs, and the host's own events tell it
"""
import argparse
import datetime
import sys

from pyVim import connect, task
from pyVmomi import vim, vmodl
from pyVmomi.VmomiSupport import ManagedObject


def check(title, condition, detail=""):
    print("%s %s%s" % ("ok  " if condition else "FAIL", title, " (%s)" % (detail,) if detail != "" else ""))
    if not condition:
        sys.exit(1)


def raises(fault, call):
    try:
        call()
        return False
    except fault:
        return True


def read_all(manager):
    """Every property can be read, is newer than the version spoken, or is said not to be built."""
    for name in [p.name for p in manager._GetPropertyList()]:
        try:
            getattr(manager, name)
        except (vmodl.query.InvalidProperty, vmodl.fault.NotSupported):
            pass


def managers(host):
    names = [p.name for p in host.configManager._GetPropertyList()]
    found = [getattr(host.configManager, name) for name in names]
    return [one for one in found if isinstance(one, ManagedObject)]


def maintenance(host, vm):
    check("power-on succeeds", task.WaitForTask(vm.PowerOnVM_Task()) == "success")
    entering = host.EnterMaintenanceMode_Task(0)
    check("a machine runs: maintenance mode waits", entering.info.state == "running", entering.info.state)
    check("the host is not in it yet", not host.runtime.inMaintenanceMode)
    task.WaitForTask(vm.PowerOffVM_Task())
    check("it is entered then", task.WaitForTask(entering) == "success")
    check("the host is in maintenance mode", host.runtime.inMaintenanceMode)
    refused = vm.PowerOnVM_Task()
    check("power-on is InvalidState", raises(vim.fault.InvalidState, lambda: task.WaitForTask(refused)))
    check("it is left", task.WaitForTask(host.ExitMaintenanceMode_Task(0)) == "success")
    check("the host is not in maintenance mode", not host.runtime.inMaintenanceMode)


def options(content):
    manager, key = content.setting, "Config.HostAgent.log.level"
    manager.UpdateValues([vim.option.OptionValue(key=key, value="verbose")])
    check("an option is set", manager.QueryView(key)[0].value == "verbose")
    manager.UpdateValues([vim.option.OptionValue(key=key, value="info")])
    check("no other option is", raises(vim.fault.InvalidName, lambda: manager.QueryView("Config.HostAgent.none")))
    wrong = [vim.option.OptionValue(key=key, value="loud")]
    check("no wrong value is taken", raises(vmodl.fault.InvalidArgument, lambda: manager.UpdateValues(wrong)))


def advanced_options(host):
    manager, key, value = host.configManager.advancedOption, "Cpu.Quantum", vim.option.OptionValue
    kind = {one.key: one.optionType for one in manager.supportedOption}[key]
    before = {one.key: one.value for one in manager.setting}[key]
    check("an option of the VMkernel has a range", kind.min <= before <= kind.max and before == kind.defaultValue)
    manager.UpdateValues([value(key=key, value=before + 10)])
    check("it is set", manager.QueryView("Cpu.")[0].key == "Cpu.BoundLagQuanta" and manager.QueryView(key)[0].value == before + 10)
    wrong = lambda changed: lambda: manager.UpdateValues([value(key=key, value=before), value(key=changed[0], value=changed[1])])
    check("none out of its range", raises(vmodl.fault.InvalidArgument, wrong((key, kind.max + 1))))
    check("no text", raises(vmodl.fault.InvalidArgument, wrong((key, "50"))))
    check("none that there is not", raises(vim.fault.InvalidName, wrong(("Cpu.None", 1))))
    check("all of a change or none", manager.QueryView(key)[0].value == before + 10)
    manager.UpdateValues([value(key=key, value=before)])


def auto_start(host, vm):
    manager, types = host.configManager.autoStartManager, vim.host.AutoStartManager
    info = types.AutoPowerInfo(
        key=vm,
        startOrder=1,
        startDelay=-1,
        waitForHeartbeat="systemDefault",
        startAction="PowerOn",
        stopDelay=-1,
        stopAction="SystemDefault",
    )
    manager.Reconfigure(types.Config(defaults=types.SystemDefaults(enabled=True), powerInfo=[info]))
    check("the machine starts with the host", manager.config.powerInfo[0].key == vm)
    check("which is enabled", manager.config.defaults.enabled)
    check("power-on succeeds", task.WaitForTask(vm.PowerOnVM_Task()) == "success")


def manage(content, host, vm):
    for manager in managers(host) + [content.licenseManager, content.setting, content.diagnosticManager]:
        read_all(manager)
    check("the host has managers", len(managers(host)) > 10)
    services = {s.key: s.running for s in host.configManager.serviceSystem.serviceInfo.service}
    check("the agent and sshd run", services == {"mgmt-vmware": True, "sshd": True}, services)
    check("there is no network", host.config.network.vswitch == [] and host.network == [])
    usage = content.licenseManager.QueryUsage()
    check("licenses are there", usage.sourceAvailable and usage.featureInfo[0].state == "enabled")
    clock = host.configManager.dateTimeSystem
    now = clock.QueryDateTime()
    check("the clock is the machine's", abs((now - datetime.datetime.now(now.tzinfo)).total_seconds()) < 5)
    check("it is not set", raises(vmodl.fault.NotSupported, lambda: clock.UpdateDateTime(clock.QueryDateTime())))
    check("overhead is known", host.QueryMemoryOverhead(64 << 20, None, 1) > 1 << 20)
    info = host.QueryConnectionInfo()
    check("connection info names the machine", [one.config.name for one in info.vm] == [vm.name])
    reboot = lambda: task.WaitForTask(host.RebootHost_Task(False))
    check("a reboot outside maintenance mode is InvalidState", raises(vim.fault.InvalidState, reboot))
    options(content)
    advanced_options(host)
    maintenance(host, vm)
    auto_start(host, vm)


def after(content, vm):
    check("the machine runs", vm.runtime.powerState == "poweredOn", vm.runtime.powerState)
    by_host = vim.event.EventFilterSpec(entity=vim.event.EventFilterSpec.ByEntity(entity=vm, recursion="self"))
    events = content.eventManager.QueryEvents(by_host)
    own = [type(e) for e in sorted(events, key=lambda e: e.key) if e.userName == ""]
    power = [e for e in own if e in (vim.event.VmPoweredOffEvent, vim.event.VmPoweredOnEvent)]
    check("the host stopped and started it", power[-2:] == [vim.event.VmPoweredOffEvent, vim.event.VmPoweredOnEvent])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--manage")
    parser.add_argument("--after")
    args = parser.parse_args()
    with open(args.password_file) as file:
        password = file.read().strip()
    instance = connect.SmartConnectNoSSL(host="127.0.0.1", port=args.port, user="root", pwd=password)
    content = instance.RetrieveContent()
    datacenter = content.rootFolder.childEntity[0]
    host = datacenter.hostFolder.childEntity[0].host[0]
    vm = next(one for one in datacenter.vmFolder.childEntity if one.name == (args.manage or args.after))
    manage(content, host, vm) if args.manage else after(content, vm)
    connect.Disconnect(instance)


main()
