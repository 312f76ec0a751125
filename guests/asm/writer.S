# Writes a number, one larger each time, into sector 8 of its disk, reads it back, and says so. The number goes on after a
# restart, so a test sees what was lost.
        .include "start.inc"
        .set    BUFFER, 0x8000

main:   call    read
        mov     BUFFER, %ebp
1:      inc     %ebp
        mov     %ebp, BUFFER
        mov     $0x4300, %ax
        call    disk
        jc      failed
        movl    $0, BUFFER
        call    read
        cmp     %ebp, BUFFER
        jne     failed
        mov     $wrote, %si
        call    puts
        mov     %ebp, %eax
        call    putn
        mov     $end, %si
        call    puts
        mov     $2, %cx
        call    pause
        jmp     1b

read:   mov     $0x4200, %ax
        call    disk
        jc      failed
        ret

disk:   mov     $packet, %si
        mov     drive, %dl
        int     $0x13
        ret

failed: mov     $error, %si
        call    puts
2:      hlt
        jmp     2b

        .balign 4
packet: .word   16, 1, BUFFER, 0
        .long   8, 0
wrote:  .asciz "wrote "
error:  .asciz "disk error"
end:    .asciz "\r\n"
        .include "end.inc"
