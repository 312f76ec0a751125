#!/usr/bin/python3
"""Resource pools and allocations of machines, by unmodified pyVmomi. Prints one line per step; exits 1 at a wrong one.

usage: pools.py --port P --password-file F --step make|kept|many [--machines N]
"""
import argparse
import threading
import time

from drive_host import check, wait_for_task, walk
from pyVim import connect
from pyVmomi import vim, vmodl


def allocation(reservation=0, limit=-1, expandable=True, level="normal", shares=0):
    return vim.ResourceAllocationInfo(
        reservation=reservation,
        limit=limit,
        expandableReservation=expandable,
        shares=vim.SharesInfo(level=level, shares=shares),
    )


def spec(cpu=None, memory=None):
    return vim.ResourceConfigSpec(cpuAllocation=cpu or allocation(), memoryAllocation=memory or allocation())


def refused(title, fault, call, *args, **named):
    try:
        call(*args, **named)
    except fault as error:
        check(title, True)
        return error
    except vmodl.MethodFault as error:
        check(title, False, type(error).__name__)
    check(title, False, "no fault")


def succeed(content, title, task):
    info = wait_for_task(content, task)
    check(title, info.state == "success", info.error and info.error.msg or "")
    return info.result


def named(objects):
    return {one.name: one for one in objects}


def events(content, kind):
    return content.eventManager.QueryEvents(vim.event.EventFilterSpec(eventTypeId=[kind.__name__.split(".")[-1]]))


def make_tree(root):
    outer = root.CreateResourcePool("outer", spec(allocation(reservation=100, limit=900, level="high")))
    middle = outer.CreateResourcePool("middle", spec())
    inner = middle.CreateResourcePool("inner", spec(allocation(level="custom", shares=777)))
    check("pools are three deep", [inner.parent, middle.parent, outer.parent] == [middle, outer, root])
    check("their owner is the host's", inner.owner.resourcePool == root)
    check("shares are kept", inner.config.cpuAllocation.shares.shares == 777)
    check("a level has its shares", outer.config.cpuAllocation.shares.shares == 8000)
    check("limits hold downwards", inner.runtime.cpu.maxUsage == 900, inner.runtime.cpu.maxUsage)
    check("a reservation is the root's use", root.runtime.cpu.reservationUsed == 100)
    return outer, middle, inner


def refuse_moves(root, outer):
    """A pool of 300 MHz that takes 120 and then 200 more, and cannot ask its parent."""
    tight = root.CreateResourcePool("tight", spec(allocation(reservation=300, expandable=False)))
    tight.CreateResourcePool("first", spec(allocation(reservation=120)))
    second = root.CreateResourcePool("second", spec(allocation(reservation=200)))
    error = refused(
        "and when a pool is moved", vim.fault.InsufficientCpuResourcesFault, tight.MoveIntoResourcePool, [second]
    )
    check("what it takes along", (error.requested, error.unreserved) == (200, 180), (error.requested, error.unreserved))
    check("it stays where it was", second.parent == root and root.runtime.cpu.reservationUsed == 600)
    for pool in (second, tight.resourcePool[0], tight):
        pool.Destroy_Task()
    while len(root.resourcePool) > 1:
        time.sleep(0.1)


def refuse_nonsense(root, outer, inner):
    capacity = root.runtime.cpu.maxUsage
    refused("a name twice is DuplicateName", vim.fault.DuplicateName, root.CreateResourcePool, "outer", spec())
    refused("no name is InvalidName", vim.fault.InvalidName, root.CreateResourcePool, " ", spec())
    refused("a pool into what is below it", vmodl.fault.InvalidArgument, inner.MoveIntoResourcePool, [outer])
    refused("a pool into itself", vmodl.fault.InvalidArgument, outer.MoveIntoResourcePool, [outer])
    wrong = spec(allocation(reservation=500, limit=400))
    refused("a limit below the reservation", vmodl.fault.InvalidArgument, root.CreateResourcePool, "x", wrong)
    for shares in (0, 2**31 - 1):
        wrong = spec(allocation(level="custom", shares=shares))
        refused("%s shares" % shares, vmodl.fault.InvalidArgument, root.CreateResourcePool, "x", wrong)
    too_much = spec(allocation(reservation=capacity + 1))
    error = refused(
        "more than the host has",
        vim.fault.InsufficientCpuResourcesFault,
        root.CreateResourcePool,
        "x",
        too_much,
    )
    figures = (error.requested, error.unreserved)
    # outer has 100 of it
    check("says what was asked and what was free", figures == (capacity + 1, capacity - 100), figures)
    error = refused(
        "and when a pool is given more",
        vim.fault.InsufficientCpuResourcesFault,
        outer.UpdateConfig,
        None,
        spec(allocation(reservation=capacity + 7)),
    )
    figures = (error.requested, error.unreserved)
    check("what is asked in addition", figures == (capacity + 7 - 100, capacity - 100), figures)
    refuse_moves(root, outer)
    memory = root.runtime.memory.maxUsage // 2**20
    too_much = spec(memory=allocation(reservation=memory + 1))
    error = refused(
        "more memory than there is",
        vim.fault.InsufficientMemoryResourcesFault,
        root.CreateResourcePool,
        "x",
        too_much,
    )
    figures = (error.requested, error.unreserved)
    check("in bytes", figures == ((memory + 1) * 2**20, memory * 2**20), figures)
    refused("the root is not renamed", vmodl.fault.NotSupported, root.UpdateConfig, "x", None)


def move_and_change(content, root, inner):
    inner.UpdateConfig("named otherwise", None)
    check("a pool is renamed", inner.name == "named otherwise")
    stale = inner.config
    inner.UpdateConfig(None, vim.ResourceConfigSpec(cpuAllocation=vim.ResourceAllocationInfo(limit=500), memoryAllocation=vim.ResourceAllocationInfo()))
    check("a limit is changed, the rest kept", (inner.config.cpuAllocation.limit, inner.config.cpuAllocation.shares.shares) == (500, 777))
    refused("what was read before is refused", vim.fault.ConcurrentAccess, inner.UpdateConfig, None, stale)
    root.MoveIntoResourcePool([inner])
    check("a pool is moved", inner.parent == root)
    view = content.viewManager.CreateContainerView(root, [vim.ResourcePool], False)
    check("a view shows what is in the root", sorted(named(view.view)) == ["named otherwise", "outer"])
    for kind in ("ResourcePoolCreatedEvent", "ResourcePoolReconfiguredEvent", "ResourcePoolMovedEvent"):
        found = content.eventManager.QueryEvents(vim.event.EventFilterSpec(eventTypeId=["vim.event." + kind]))
        check("there is a %s by root" % kind, found and {one.userName for one in found} == {"root"})


def reconfigure(content, vm, **fields):
    return succeed(content, "%s is reconfigured" % vm.name, vm.ReconfigVM_Task(vim.vm.ConfigSpec(**fields)))


def admit(content, root, vms):
    """As a 4 GHz host takes four machines of 1 GHz and no fifth, on this machine's clock."""
    unreserved = root.runtime.cpu.unreservedForVm
    quarter = unreserved // 4
    for vm in vms:
        reconfigure(content, vm, cpuAllocation=vim.ResourceAllocationInfo(reservation=quarter))
    for vm in vms[:4]:
        succeed(content, "%s runs" % vm.name, vm.PowerOnVM_Task())
    use = root.runtime.cpu
    check("their reservations are taken", use.reservationUsedForVm == 4 * quarter, use.reservationUsedForVm)
    info = wait_for_task(content, vms[4].PowerOnVM_Task())
    check("the fifth is refused", isinstance(info.error, vim.fault.InsufficientCpuResourcesFault), type(info.error).__name__)
    figures = (info.error.requested, info.error.unreserved)
    check("with figures", figures == (quarter, unreserved - 4 * quarter), figures)
    less = vim.ResourceAllocationInfo(reservation=0)
    for vm in vms:
        reconfigure(content, vm, cpuAllocation=less)
    check("given up while they run, it is free at once", root.runtime.cpu.reservationUsedForVm == 0)


def move_running(content, root, pool, vm):
    pool.MoveIntoResourcePool([vm])
    check("a running machine is moved", vm.resourcePool == pool and list(pool.vm) == [vm])
    check("and no longer in the root", vm not in root.vm)
    check("its most is its pool's", vm.summary.runtime.maxCpuUsage == 500, vm.summary.runtime.maxCpuUsage)
    children = [
        vim.ResourceConfigSpec(
            entity=vm,
            cpuAllocation=vim.ResourceAllocationInfo(limit=300, shares=vim.SharesInfo(level="high", shares=0)),
            memoryAllocation=vim.ResourceAllocationInfo(),
        )
    ]
    pool.UpdateChildResourceConfiguration(children)
    config = vm.config.cpuAllocation
    check("children are given other values", (config.limit, config.shares.level) == (300, "high"))
    check("the machine's most follows", vm.summary.runtime.maxCpuUsage == 300)
    bad = vim.ResourceConfigSpec(entity=root, cpuAllocation=allocation(), memoryAllocation=allocation())
    more = vim.ResourceConfigSpec(
        entity=vm,
        cpuAllocation=vim.ResourceAllocationInfo(limit=200),
        memoryAllocation=vim.ResourceAllocationInfo(),
    )
    refused("what is no child", vmodl.fault.InvalidArgument, pool.UpdateChildResourceConfiguration, [more, bad])
    check("and nothing was changed", vm.config.cpuAllocation.limit == 300)
    reconfigure(content, vm, cpuAffinity=vim.vm.AffinityInfo(affinitySet=[0]))
    check("affinity is told", list(vm.config.cpuAffinity.affinitySet) == [0])


def make(content, root):
    outer, _, inner = make_tree(root)
    refuse_nonsense(root, outer, inner)
    move_and_change(content, root, inner)
    vms = sorted(walk(content, [vim.VirtualMachine]), key=lambda vm: vm.name)
    admit(content, root, vms)
    move_running(content, root, inner, vms[0])
    succeed(content, "a pool is destroyed", named(outer.resourcePool)["middle"].Destroy_Task())
    check("and is no more", list(outer.resourcePool) == [])


def kept(content, root):
    pools = named(root.resourcePool)
    check("pools are kept", sorted(pools) == ["named otherwise", "outer"], sorted(pools))
    pool = pools["named otherwise"]
    check("with what they were given", (pool.config.cpuAllocation.limit, pool.config.cpuAllocation.shares.shares) == (500, 777))
    check("and the machine in them", [vm.name for vm in pool.vm] == ["m0"], [vm.name for vm in pool.vm])
    vm = pool.vm[0]
    check("and its own", (vm.config.cpuAllocation.limit, list(vm.config.cpuAffinity.affinitySet)) == (300, [0]))


NAMES = ["пул", "池", "a b", "'; DROP TABLE", '<&>"', "..", "%41", "x" * 80, "-", "ẞ\u0301"]


def many(content, root, connect_again):
    for name in NAMES:
        pool = root.CreateResourcePool(name, spec())
        check("a pool is called %r" % name[:20], pool.name == name, pool.name)
        succeed(content, "and destroyed", pool.Destroy_Task())
    left = 512 - 1 - len(walk(content, [vim.ResourcePool])) + 1
    halves = [root.CreateResourcePool("half %d" % number, spec()) for number in (0, 1, 2)]
    failures = []

    def fill(number):
        parent = vim.ResourcePool(halves[number]._moId, connect_again()._stub)
        try:
            for index in range((left - 3) // 3):
                parent.CreateResourcePool("p%d" % index, spec())
        except vmodl.MethodFault as error:
            failures.append(error)

    clients = [threading.Thread(target=fill, args=(number,)) for number in range(3)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    check("three clients fill the host with pools", failures == [], failures)
    refusal = None
    for index in range(4):
        try:
            root.CreateResourcePool("last %d" % index, spec())
        except vim.fault.InsufficientResourcesFault as error:
            refusal = error
    check("more than 512 are refused", refusal is not None)
    check("512 are shown", len(walk(content, [vim.ResourcePool])) in (512, 513), len(walk(content, [vim.ResourcePool])))
    for half in halves:
        half.DestroyChildren()
    check("and gone", sum(len(half.resourcePool) for half in halves) == 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--step", required=True)
    arguments = parser.parse_args()
    with open(arguments.password_file) as file:
        password = file.read().strip()

    def again():
        return connect.SmartConnectNoSSL(
            host="127.0.0.1", port=arguments.port, user="root", pwd=password
        )

    service = again()
    content = service.content
    root = content.rootFolder.childEntity[0].hostFolder.childEntity[0].resourcePool
    if arguments.step == "make":
        make(content, root)
    elif arguments.step == "kept":
        kept(content, root)
    else:
        many(content, root, again)
    connect.Disconnect(service)


main()
