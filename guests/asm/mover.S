# A screen that changes at a known pace, 50 times a second. A byte on COM1 says what: "t" text that scrolls by a line,
# "g" a square of 128 pixels that moves over 640x480x32, "s" nothing from then on; it says the same
# when that is so, and "k" when it begins.
# Every key pressed inverts the first character, or the first pixel.
        .include "start.inc"
        .set    INFO, 0x8000
        .set    PIT_DIVISOR, 1193182 / 50
        .set    KEY_HEAD, 0x41a         # BIOS data area: the keyboard's ring
        .set    KEY_TAIL, 0x41c
        .set    MODE, 0x4142            # VBE 640x480x32, linear
        .set    WIDTH, 640
        .set    SIDE, 128

main:   mov     $0x34, %al              # counter 0, mode 2
        out     %al, $0x43
        mov     $PIT_DIVISOR, %ax
        out     %al, $0x40
        mov     %ah, %al
        out     %al, $0x40
        mov     $'k', %al
        call    putc

1:      sti
        hlt
        cli
        mov     KEY_TAIL, %ax
        cmp     KEY_HEAD, %ax
        je      2f
        mov     %ax, KEY_HEAD
        call    mark
2:      mov     $(COM1 + 5), %dx
        in      %dx, %al
        test    $1, %al
        jz      3f
        mov     $COM1, %dx
        in      %dx, %al
        push    %ax
        call    order
        pop     %ax
        call    putc
3:      mov     TICKS, %ax
        cmp     last, %ax
        je      1b
        mov     %ax, last
        call    *draw
        jmp     1b

order:  cmp     $'t', %al
        je      text
        cmp     $'g', %al
        je      graph
        movw    $still, draw
still:  ret

text:   movw    $scroll, draw
        movb    $0, isgraph
        mov     $3, %ax
        int     $0x10
        mov     $0x2000, %cx            # no cursor: it would blink
        mov     $1, %ah
        int     $0x10
        ret

graph:  movw    $move, draw
        movb    $1, isgraph
        mov     $0x4f02, %ax
        mov     $MODE, %bx
        int     $0x10
        mov     $0x4f01, %ax
        mov     $MODE, %cx
        mov     $INFO, %di
        int     $0x10
        ret

scroll: mov     $0xb800, %ax
        mov     %ax, %es
        mov     %ax, %ds
        mov     $160, %si
        xor     %di, %di
        mov     $(80 * 24), %cx
        rep movsw
        xor     %ax, %ax
        mov     %ax, %ds
        mov     $60, %cx                # words of what comes
4:      call    random
        and     $0x1f, %al
        add     $0x40, %al
        mov     $0x07, %ah
        stosw
        loop    4b
5:      mov     %cx, %es                # 0
        ret

# A number to eax.
random: imull   $1664525, seed, %eax
        inc     %eax
        mov     %eax, seed
        shr     $24, %eax
        ret

move:   call    flat
        call    random
        mov     last, %ax
        and     $0x7f, %eax             # to the right by 4, down by 1
        imul    $(4 * (WIDTH + 4)), %eax, %edi
        add     INFO + 40, %edi         # frame buffer
        mov     seed, %eax              # colours that go over into each other, others each time
        mov     $SIDE, %dx
6:      mov     $SIDE, %cx
7:      mov     %eax, %es:(%edi)
        add     $4, %edi
        add     $0x00010200, %eax
        loop    7b
        add     $(4 * (WIDTH - SIDE)), %edi
        dec     %dx
        jnz     6b
        jmp     5b

mark:   cmpb    $0, isgraph
        jne     8f
        mov     $0xb800, %ax
        mov     %ax, %es
        xorw    $0x7f00, %es:0
        jmp     9f
8:      call    flat
        mov     INFO + 40, %edi
        notl    %es:(%edi)
9:      xor     %cx, %cx
        jmp     5b

        .include "flat.inc"
seed:   .long   1
draw:   .word   still
last:   .word   0
isgraph: .byte  0
        .include "end.inc"
