# Writes one word into every page from 1 MiB to the end of memory, page by page, with a line for each MiB; then checks
# all of them once a second.
        .include "start.inc"
        .set    FIRST, 0x100000
        .set    MIB, 0x100000

main:   mov     $0x2401, %ax            # A20
        int     $0x15
        mov     $0xe801, %ax            # ax: KiB from 1 to 16 MiB, bx: 64 KiB from 16 MiB
        int     $0x15
        movzwl  %ax, %eax
        movzwl  %bx, %ebx
        shl     $6, %ebx
        add     %ebx, %eax
        shl     $10, %eax
        and     $-MIB, %eax             # what the BIOS keeps at the end is less than a MiB
        add     $FIRST, %eax
        mov     %eax, end

        mov     $FIRST, %edi
1:      call    flat
        mov     $256, %cx
2:      mov     %edi, %eax
        not     %eax
        mov     %eax, %es:(%edi)
        add     $4096, %edi
        loop    2b
        mov     $touched, %bx
        call    report
        cmp     end, %edi
        jb      1b

3:      mov     $FIRST, %edi
        call    flat
4:      mov     %edi, %eax
        not     %eax
        cmp     %eax, %es:(%edi)
        jne     wrong
        add     $4096, %edi
        cmp     end, %edi
        jb      4b
        mov     $checked, %bx
        call    report
        mov     $18, %cx
        call    pause
        jmp     3b

wrong:  mov     $differs, %bx
        call    report
5:      hlt
        jmp     5b

# The word at bx, the MiB below edi.
report: xor     %ax, %ax
        mov     %ax, %es
        mov     %bx, %si
        call    puts
        mov     %edi, %eax
        shr     $20, %eax
        call    putn
        mov     $unit, %si
        jmp     puts

        .include "flat.inc"
end:    .long   0
touched: .asciz "touched up to "
checked: .asciz "checked up to "
differs: .asciz "differs in the page below "
unit:   .asciz " MiB\r\n"
        .include "end.inc"
