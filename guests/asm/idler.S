# Halts with every interrupt line masked: after its line it wants no processor again.
        .include "start.inc"
main:   mov     $ready, %si
        call    puts
        mov     $0xff, %al
        out     %al, $0x21
        out     %al, $0xa1
        sti
1:      hlt
        jmp     1b
ready:  .asciz "idler ready\r\n"
        .include "end.inc"
