# Halts and wakes for the BIOS's 18.2 ticks a second.
        .include "start.inc"
main:   mov     $ready, %si
        call    puts
        sti
1:      hlt
        jmp     1b
ready:  .asciz "ticker ready\r\n"
        .include "end.inc"
