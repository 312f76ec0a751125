# Disk boot loader: sector 0 reads stage 2 (sectors 1-4, to 0x8000); stage 2 reads a bzImage and an initrd
# that lie contiguous on the disk, then enters the kernel by the 16-bit Linux boot protocol.
# The image builder fills the table at `table` and the command line at `cmdline` (boot-disk.ts).

        .code16
        .globl  _start
        .set    SETUP, 0x10000          # where the kernel's real-mode part goes
        .set    CMDLINE, 0x1e000
        .set    BOUNCE_SEG, 0x2000      # BIOS reads land here, below 1 MiB
        .set    CHUNK, 127              # sectors a read: the most that every BIOS takes

_start: cli
        cld
        xor     %ax, %ax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %ss
        mov     $0x7c00, %sp
        sti
        mov     %dl, drive
        mov     $stage2_dap, %si
        mov     $0x42, %ah
        int     $0x13
        jc      failed
        ljmp    $0, $stage2

failed: mov     $message, %si
1:      lodsb
        test    %al, %al
        jz      2f
        mov     $0x0e, %ah
        mov     $7, %bx
        int     $0x10
        jmp     1b
2:      hlt
        jmp     2b

message: .asciz "Disk read error\r\n"
drive:  .byte   0
        .balign 4
stage2_dap: .word 16, 4, stage2, 0
        .long   1, 0

        .org    0x400                   # 0x8000: where stage 2 lands
stage2: jmp     load
        .balign 4
table:
setup_lba:      .long 0
setup_sectors:  .long 0
kernel_lba:     .long 0
kernel_sectors: .long 0
kernel_address: .long 0
initrd_lba:     .long 0
initrd_sectors: .long 0
initrd_address: .long 0
initrd_bytes:   .long 0

dap:    .word   16, 0, 0, BOUNCE_SEG
dap_lba: .long  0, 0
gdt:    .quad   0
        .quad   0x00cf92000000ffff      # flat data
gdtr:   .word   gdtr - gdt - 1
        .long   gdt

load:   mov     $0x2401, %ax            # A20 on: by the BIOS, then by port 92h
        int     $0x15
        in      $0x92, %al
        or      $2, %al
        and     $0xfe, %al
        out     %al, $0x92
        mov     setup_lba, %eax
        mov     setup_sectors, %ecx
        mov     $SETUP, %edi
        call    read
        mov     kernel_lba, %eax
        mov     kernel_sectors, %ecx
        mov     kernel_address, %edi
        call    read
        mov     initrd_lba, %eax
        mov     initrd_sectors, %ecx
        mov     initrd_address, %edi
        call    read

        mov     $(CMDLINE >> 4), %ax
        mov     %ax, %es
        xor     %di, %di
        mov     $cmdline, %si
        mov     $256, %cx
        rep movsl
        mov     $(SETUP >> 4), %ax
        mov     %ax, %es
        movb    $0xff, %es:0x210        # type_of_loader: unknown
        orb     $0x80, %es:0x211        # CAN_USE_HEAP
        movw    $0xde00, %es:0x224      # heap_end_ptr
        movl    $CMDLINE, %es:0x228
        mov     initrd_address, %edx
        mov     %edx, %es:0x218
        mov     initrd_bytes, %edx
        mov     %edx, %es:0x21c
        cli
        mov     %ax, %ds
        mov     %ax, %fs
        mov     %ax, %gs
        mov     %ax, %ss
        mov     $0xe000, %sp
        ljmp    $((SETUP >> 4) + 0x20), $0

# Reads ecx sectors from eax to the linear address edi.
read:   test    %ecx, %ecx
        jz      9f
        mov     $CHUNK, %ebx
        cmp     %ebx, %ecx
        jae     1f
        mov     %ecx, %ebx
1:      mov     %bx, dap + 2
        mov     %eax, dap_lba
        pushal
        mov     $dap, %si
        mov     drive, %dl
        mov     $0x42, %ah
        int     $0x13
        popal
        jc      failed
        add     %ebx, %eax
        sub     %ebx, %ecx
        push    %ecx
        push    %eax
        mov     %ebx, %ecx
        shl     $7, %ecx
        mov     $(BOUNCE_SEG << 4), %esi
        call    flat
        addr32 rep movsl
        xor     %ax, %ax
        mov     %ax, %ds
        mov     %ax, %es
        sti
        pop     %eax
        pop     %ecx
        jmp     read
9:      ret

# Interrupts off, 4 GiB limits in ds and es (each BIOS call may take them away).
flat:   cli
        lgdtl   gdtr
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        jmp     1f
1:      mov     $8, %dx
        mov     %dx, %ds
        mov     %dx, %es
        and     $0xfe, %al
        mov     %eax, %cr0
        jmp     1f
1:      xor     %dx, %dx
        mov     %dx, %ds
        mov     %dx, %es
        ret

        .org    0x800
cmdline: .fill  1024, 1, 0
