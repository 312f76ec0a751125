# Prints an increasing number every second tick (110 ms).
        .include "start.inc"
main:   mov     $ready, %si
        call    puts
        xor     %ebp, %ebp
1:      inc     %ebp
        mov     $line, %si
        call    puts
        mov     %ebp, %eax
        call    putn
        mov     $end, %si
        call    puts
        mov     $2, %cx
        call    pause
        jmp     1b
ready:  .asciz "counter ready\r\n"
line:   .asciz "count "
end:    .asciz "\r\n"
        .include "end.inc"
