/*
 * banned.h: C library calls that souk does not use, turned into compile errors.
 *
 * Include it last in every .c file, after the system's headers: those may still declare, and in
 * their inline functions use, what is banned here.
 *
 *   strcpy strcat strncpy sprintf vsprintf gets   no bounds, or a bound that lies: snprintf, buf.h
 *   strtok                                        hidden state, eats empty fields: strchr, strcspn
 *   alloca                                        the stack is no place for sizes from outside
 *   system popen                                  nothing from outside goes near a shell: execvp
 *
 * malloc and friends are not here, because cJSON and SQLite hand out memory that must go back to
 * them by name; tests/layers.sh sees to it that only mem.c calls the allocator.
 */
#ifndef SOUK_BASE_BANNED_H
#define SOUK_BASE_BANNED_H

#define SOUK_BANNED(func) sorry_##func##_is_a_banned_function

#undef strcpy
#define strcpy(to, from) SOUK_BANNED(strcpy)
#undef strcat
#define strcat(to, from) SOUK_BANNED(strcat)
#undef strncpy
#define strncpy(to, from, n) SOUK_BANNED(strncpy)
#undef sprintf
#define sprintf(...) SOUK_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) SOUK_BANNED(vsprintf)
#undef gets
#define gets(to) SOUK_BANNED(gets)
#undef strtok
#define strtok(s, delimiters) SOUK_BANNED(strtok)
#undef alloca
#define alloca(n) SOUK_BANNED(alloca)
#undef system
#define system(command) SOUK_BANNED(system)
#undef popen
#define popen(command, mode) SOUK_BANNED(popen)

#endif
