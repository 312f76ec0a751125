# Shows pictures on demand: two bytes on COM1, low and high, are a video mode (INT 10h, or with bit 14 VBE with a linear
# frame buffer), which is set and filled with a pattern; then it says "k". High byte 80h: the low byte is written to the
# first byte of the picture.
# Text and CGA modes: words n at B800:2n are (n & FFh) | ((n >> 3) & FFh) << 8. EGA modes: byte n of plane p is n >> p.
# Mode 13h: byte n is n + (n >> 8). VBE: doubleword n is n * 9E3779B1h, to the end of the frame.
        .include "start.inc"
        .set    INFO, 0x8000

main:   mov     $ready, %si
        call    puts
1:      call    getc
        mov     %al, %bl
        call    getc
        mov     %al, %bh
        cmp     $0x80, %bh
        je      poke
        test    $0x40, %bh
        jnz     vbe
        mov     %bx, %ax
        int     $0x10
        cmp     $7, %bl
        jbe     text
        cmp     $0x13, %bl
        je      vga256

        mov     $0xa000, %ax
        mov     %ax, %es
        movw    %ax, segment
        xor     %cl, %cl                # plane
2:      mov     $1, %ah
        shl     %cl, %ah
        mov     $2, %al
        mov     $0x3c4, %dx
        out     %ax, %dx
        xor     %di, %di
3:      mov     %di, %ax
        shr     %cl, %ax
        stosb
        test    %di, %di
        jnz     3b
        inc     %cl
        cmp     $4, %cl
        jne     2b
done:   xor     %ax, %ax
        mov     %ax, %es
        mov     $'k', %al
        call    putc
        jmp     1b

text:   mov     $0xb800, %ax
        mov     %ax, %es
        movw    %ax, segment
        xor     %di, %di
4:      mov     %di, %ax
        shr     $1, %ax
        mov     %ax, %dx
        shr     $3, %dx
        mov     %dl, %ah
        stosw
        cmp     $0x4000, %di
        jne     4b
        jmp     done

vga256: mov     $0xa000, %ax
        mov     %ax, %es
        movw    %ax, segment
        xor     %di, %di
5:      mov     %di, %ax
        add     %ah, %al
        stosb
        test    %di, %di
        jnz     5b
        jmp     done

vbe:    mov     $0x4f02, %ax
        int     $0x10
        mov     $0x4f01, %ax
        mov     %bx, %cx
        mov     $INFO, %di
        int     $0x10
        movzwl  INFO + 16, %eax         # bytes per line
        movzwl  INFO + 20, %ecx         # rows
        mul     %ecx
        shr     $2, %eax
        mov     %eax, %ecx
        mov     INFO + 40, %edi         # frame buffer
        movw    $0, segment
        call    flat
        xor     %eax, %eax
6:      mov     %eax, %es:(%edi)
        add     $4, %edi
        add     $0x9e3779b1, %eax
        dec     %ecx
        jnz     6b
        jmp     done

poke:   xor     %edi, %edi
        mov     segment, %es
        cmpw    $0, segment
        jne     7f
        call    flat
        mov     INFO + 40, %edi
7:      mov     %bl, %es:(%edi)
        jmp     done

# A byte of COM1 to al; halted while there is none.
getc:   sti
        mov     $(COM1 + 5), %dx
8:      in      %dx, %al
        test    $1, %al
        jnz     9f
        hlt
        jmp     8b
9:      mov     $COM1, %dx
        in      %dx, %al
        ret

        .include "flat.inc"
segment: .word  0
ready:  .asciz "painter ready\r\n"
        .include "end.inc"
