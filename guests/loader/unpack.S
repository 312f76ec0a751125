# The 32-bit entry of a re-packed bzImage (boot protocol: flat segments, paging off, esi = boot_params):
# unpacks `lz4 -l` blocks that follow this code to DEST, then enters the kernel there.
# Copies go four bytes at a time and may write past their end; what follows is written later or is .bss.

        .code32
        .globl  _start
        .set    SCRATCH_END, 0x1e8      # boot_params.scratch: a four-byte stack
_start: cli
        cld
        lea     SCRATCH_END(%esi), %esp
        call    1f
1:      pop     %ebx
        mov     %esi, %esp              # boot_params, kept where nothing pushes
        lea     (payload - 1b + 4)(%ebx), %esi  # behind the magic number
        mov     $DEST, %edi

block:  mov     (%esi), %ebp            # compressed size; 0 ends
        add     $4, %esi
        test    %ebp, %ebp
        jz      done
        add     %esi, %ebp

token:  movzbl  (%esi), %ebx
        inc     %esi
        mov     %ebx, %ecx
        shr     $4, %ecx
        cmp     $15, %ecx
        jne     2f
1:      movzbl  (%esi), %eax
        inc     %esi
        add     %eax, %ecx
        cmp     $255, %eax
        je      1b
2:      mov     %edi, %edx
        add     %ecx, %edx              # end of the literals
        sub     %edi, %esi              # source = destination + difference
3:      mov     (%esi,%edi), %eax
        mov     %eax, (%edi)
        add     $4, %edi
        cmp     %edx, %edi
        jb      3b
        add     %edx, %esi
        mov     %edx, %edi
        cmp     %ebp, %esi
        jae     block

        movzwl  (%esi), %eax            # distance
        add     $2, %esi
        mov     %edi, %edx
        sub     %eax, %edx              # the match
        mov     %ebx, %ecx
        and     $15, %ecx
        cmp     $15, %ecx
        jne     2f
1:      movzbl  (%esi), %ebx
        inc     %esi
        add     %ebx, %ecx
        cmp     $255, %ebx
        je      1b
2:      lea     4(%edi,%ecx), %ecx      # end of the copy
        sub     %edi, %edx
        cmp     $4, %eax
        jb      5f
4:      mov     (%edx,%edi), %eax
        mov     %eax, (%edi)
        add     $4, %edi
        cmp     %ecx, %edi
        jb      4b
        mov     %ecx, %edi
        jmp     token
5:      mov     (%edx,%edi), %al        # overlapping by less than a word
        mov     %al, (%edi)
        inc     %edi
        cmp     %ecx, %edi
        jb      5b
        jmp     token

done:   mov     %esp, %esi
        mov     $DEST, %eax
        jmp     *%eax
payload:
