/* The program `picture`: what its files share. It holds no file of its own; each
 * request brings the descriptors that it may read and write (pictures.h). */
#ifndef ALM_WORK_H
#define ALM_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <vips/vips.h>

#include "../base/buf.h"

/* A request: a verb, and lines "name value". */
typedef struct {
  char *verb;
  char *lines;  /* after the verb */
  int in;       /* the picture */
  int out;      /* where a derivative goes; -1: nowhere */
  int scratch;  /* an empty file for one that has to be turned; -1: none */
} alm_work;

/* The value of a line, or `fallback`. A text lives as long as the request. */
const char *alm_work_text(const alm_work *work, const char *name, const char *fallback);
double alm_work_number(const alm_work *work, const char *name, double fallback);

/* Adds a line to an answer; line breaks and control characters of a value become blanks. */
void alm_work_say(alm_buf *answer, const char *name, const char *value);
void alm_work_say_number(alm_buf *answer, const char *name, double value);

/* Opens the page that the request names (`page`, from 0), to be read once from top to bottom.
 * `strict`: what the decoder warns about is an error. NULL with vips's own error; the image
 * keeps `work->in` open no longer than it lives. */
VipsImage *alm_work_open(const alm_work *work, bool strict);

/* The same, each pixel of eight by eight (a JPEG gives those without computing the others). */
VipsImage *alm_work_open_small(const alm_work *work, bool strict);

/* The verbs. False with vips's own error. */
bool alm_work_look(const alm_work *work, alm_buf *answer);
bool alm_work_check(const alm_work *work, alm_buf *answer);
bool alm_work_derive(const alm_work *work, alm_buf *answer);

/* Brings a picture into eight bits of sRGB or grey, without alpha. NULL with vips's own
 * error. `in` stays the caller's. */
VipsImage *alm_work_colours(VipsImage *in, bool keep_profile);

/* Gives the process's rights away, for good: it opens nothing, starts nothing and reaches no
 * network. False when even the limits can't be set. */
bool alm_work_lock(double most_bytes, bool *filtered);

/* Tells the other side now and then that pixels are still coming. */
void alm_work_signs(VipsImage *image);

#endif
