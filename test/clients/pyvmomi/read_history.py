#!/usr/bin/python3
"""Follows tasks and events by unmodified pyVmomi. Prints one line per step; exits 1 at a wrong one.

usage: read_history.py --port P --password-file F --vm NAME --phase before|after
"before" power-cycles the machine and prints what was seen as JSON on the last line; "after", with that line on
standard input, is for a hostd that was killed in between.
"""
import argparse
import json
import sys
import time

from pyVim import connect
from pyVmomi import vim, vmodl


def check(title, condition, detail=""):
    print("%s %s%s" % ("ok  " if condition else "FAIL", title, " (%s)" % (detail,) if detail != "" else ""))
    if not condition:
        sys.exit(1)


def kind(event):
    return event.__class__.__name__.split(".")[-1]


def wait(task):
    while task.info.state not in ("success", "error"):
        time.sleep(0.05)
    return task.info


def find_vm(content, name):
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    try:
        return [one for one in view.view if one.name == name][0]
    finally:
        view.Destroy()


def by_entity(vm, recursion="self"):
    return vim.event.EventFilterSpec.ByEntity(entity=vm, recursion=recursion)


def cycle(content, vm):
    """Power on, a refused second power on, power off: their tasks and events."""
    if vm.runtime.powerState == "poweredOn":
        wait(vm.PowerOffVM_Task())
    events = content.eventManager
    collector = events.CreateCollectorForEvents(vim.event.EventFilterSpec(entity=by_entity(vm)))
    while collector.ReadNextEvents(100):
        pass
    on = wait(vm.PowerOnVM_Task())
    check("PowerOnVM_Task succeeds", on.state == "success", on.error and on.error.msg or "")
    refused = wait(vm.PowerOnVM_Task())
    check("a second power-on fails", refused.state == "error")
    off = wait(vm.PowerOffVM_Task())
    check("PowerOffVM_Task succeeds", off.state == "success", off.error and off.error.msg or "")
    seen = collector.ReadNextEvents(100)
    wanted = [
        "TaskEvent", "VmStartingEvent", "VmPoweredOnEvent",
        "TaskEvent", "VmFailedToPowerOnEvent",
        "TaskEvent", "VmStoppingEvent", "VmPoweredOffEvent",
    ]
    check("the events of the three tasks come in order", [kind(one) for one in seen] == wanted, [kind(one) for one in seen])
    keys = [one.key for one in seen]
    check("keys ascend", keys == sorted(set(keys)))
    check("times ascend", all(a.createdTime <= b.createdTime for a, b in zip(seen, seen[1:])))
    check("each task has its chain", [one.chainId for one in seen] == [on.eventChainId] * 3 + [refused.eventChainId] * 2 + [off.eventChainId] * 3)
    check("they are root's", set(one.userName for one in seen) == {"root"})
    check("they name the machine and the host", all(one.vm.vm == vm and one.host.host._moId == "ha-host" for one in seen))
    check("the failure names its reason", isinstance(seen[4].reason, vim.fault.InvalidPowerState), seen[4].fullFormattedMessage)
    check("ReadPreviousEvents goes back over the same", [one.key for one in collector.ReadPreviousEvents(8)] == keys[::-1])
    collector.ResetCollector()
    check("latestPage is the newest ten, the newest first", [one.key for one in collector.latestPage][:8] == keys[::-1])
    collector.DestroyCollector()
    return [on, refused, off], seen


def task_history(content, vm, infos):
    manager = content.taskManager
    spec = vim.TaskFilterSpec(entity=vim.TaskFilterSpec.ByEntity(entity=vm, recursion="self"))
    collector = manager.CreateCollectorForTasks(spec)
    found = collector.ReadNextTasks(1000)[-3:]
    check("the task history has the three tasks", [one.key for one in found] == [one.key for one in infos])
    check("with their states", [one.state for one in found] == ["success", "error", "success"])
    check("with their times", all(one.queueTime <= one.startTime <= one.completeTime for one in found))
    failed = manager.CreateCollectorForTasks(vim.TaskFilterSpec(state=["error"]))
    check("failed tasks can be asked for", infos[1].key in [one.key for one in failed.ReadNextTasks(1000)])
    labels = {one.key: one.label for one in manager.description.methodInfo}
    check("the manager describes their methods", all(one.descriptionId in labels for one in found))
    for one in (collector, failed):
        one.DestroyCollector()


def event_manager(content, vm, connect_again):
    events = content.eventManager
    collector = events.CreateCollectorForEvents(vim.event.EventFilterSpec(type=[vim.event.GeneralUserEvent]))
    message = "written at %s" % time.time()
    check("a collector has no such event yet", message not in [one.message for one in collector.latestPage])
    events.LogUserEvent(vm, message)
    check("a collector by type sees a user's event", collector.latestPage[0].message == message)
    check("a category filter finds it", kind(events.QueryEvents(vim.event.EventFilterSpec(category=["user"]))[-1]) == "GeneralUserEvent")
    try:
        collector.SetCollectorPageSize(0)
        check("a page of no size is refused", False)
    except vmodl.fault.InvalidArgument:
        check("a page of no size is refused", True)
    connect_again()
    session_events = events.QueryEvents(vim.event.EventFilterSpec(type=[vim.event.SessionEvent]))
    check("a login and its end are there", [kind(one) for one in session_events][-2:] == ["UserLoginSessionEvent", "UserLogoutSessionEvent"])
    info = {one.key.__name__.split(".")[-1] for one in events.description.eventInfo}
    check("the manager describes every event that was seen", {kind(one) for one in events.QueryEvents(vim.event.EventFilterSpec())} <= info)


def after_kill(content, vm, before):
    events = content.eventManager.QueryEvents(vim.event.EventFilterSpec(entity=by_entity(vm)))
    texts = {str(one.key): one.fullFormattedMessage for one in events}
    check("every event is there after a kill", all(texts.get(key) == text for key, text in before["events"].items()))
    tasks = content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec()).ReadNextTasks(1000)
    states = {one.key: one.state for one in tasks}
    check("every task is there after a kill", all(states.get(key) == state for key, state in before["tasks"].items()))
    content.eventManager.LogUserEvent(vm, "again")
    check("new keys are higher", content.eventManager.latestEvent.key > max(int(key) for key in before["events"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--vm", required=True)
    parser.add_argument("--phase", choices=["before", "after"], required=True)
    args = parser.parse_args()
    with open(args.password_file) as file:
        password = file.read().strip()

    def log_in():
        return connect.SmartConnectNoSSL(host="127.0.0.1", port=args.port, user="root", pwd=password)

    instance = log_in()
    content = instance.RetrieveContent()
    vm = find_vm(content, args.vm)
    if args.phase == "after":
        after_kill(content, vm, json.loads(sys.stdin.read()))
    else:
        infos, seen = cycle(content, vm)
        task_history(content, vm, infos)
        event_manager(content, vm, lambda: connect.Disconnect(log_in()))
        events = {one.key: one.fullFormattedMessage for one in seen}
        print(json.dumps({"tasks": {one.key: one.state for one in infos}, "events": events}))
    connect.Disconnect(instance)


main()
