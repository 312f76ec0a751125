# Runs without ever stopping: a world that always wants its processor.
        .include "start.inc"
main:   mov     $ready, %si
        call    puts
1:      inc     %eax
        add     %eax, %ebx
        xor     %ebx, %edx
        dec     %ecx
        jmp     1b
ready:  .asciz "spinner ready\r\n"
        .include "end.inc"
