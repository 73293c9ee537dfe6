#ifndef PK_BASE_H
#define PK_BASE_H

/*
 * The compiler idioms that every file may use. The only header without a layer.
 */

/* Number of elements of a true array (a pointer does not compile under -Wsizeof-pointer-div). */
#define array_len(a) (sizeof(a) / sizeof((a)[0]))

/* Calls drop(&variable) when the variable goes out of scope; the drop functions keep errno. */
#define scoped(drop) __attribute__((cleanup(drop)))

/*
 * For a large buffer that is filled before it is read: spares it the zeroing that the hardened builds give
 * to every variable (-ftrivial-auto-var-init), and its pages the first touch.
 */
#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define unzeroed __attribute__((uninitialized))
#endif
#endif
#ifndef unzeroed
#define unzeroed
#endif

#define must_check __attribute__((warn_unused_result))
#define printf_like(text, first) __attribute__((__format__(__printf__, text, first)))

#endif
