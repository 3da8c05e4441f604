/*
 * Many streams of unequal length over a few lanes. A lane whose stream ends takes the next, longest
 * first, so that the lanes end together; when the streams run out, the rest move to a narrower
 * kernel as soon as that is faster than a wide one with idle lanes.
 */
#include <string.h>

#include "impl.h"

typedef struct {
    uint32_t *h;
    const uint8_t *data;
    size_t blocks; /* still to do; 0: the lane is free */
    size_t job;
} lane;

/* What the lanes work on: streams or messages, numbered. */
typedef struct work work;
struct work {
    cosfast_algorithm algorithm;
    size_t count;
    /* Blocks of that job, to order the jobs by. */
    size_t (*length)(const work *work, size_t job);
    /* Begin lane->job in the lane in that slot. */
    void (*start)(work *work, size_t slot, lane *lane);
    /* The lane has done all its blocks: give it more, or take the result. */
    void (*finish)(work *work, size_t slot, lane *lane);
};

/* Jobs are ordered this many at a time: enough to end evenly, few enough for the stack. */
enum { WINDOW = 128 };

typedef struct {
    size_t job, length;
} queued;

typedef struct {
    queued window[WINDOW]; /* the longest last */
    size_t waiting;        /* jobs in the window */
    size_t taken;          /* jobs that have been in the window */
} queue;

/* Insertion sort: jobs mostly come in equal lengths, and then it is one pass. */
static void insert(queue *queue, queued entry) {
    size_t at = queue->waiting++;
    for (; at > 0 && queue->window[at - 1].length > entry.length; at--) {
        queue->window[at] = queue->window[at - 1];
    }
    queue->window[at] = entry;
}

static void fill_window(queue *queue, const work *work) {
    while (queue->waiting < WINDOW && queue->taken < work->count) {
        queued entry = {queue->taken, work->length(work, queue->taken)};
        queue->taken++;
        if (entry.length > 0) {
            insert(queue, entry);
        }
    }
}

/* False where no job is left. */
static bool next_job(queue *queue, const work *work, size_t *job) {
    if (queue->waiting == 0) {
        fill_window(queue, work);
    }
    if (queue->waiting == 0) {
        return false;
    }
    *job = queue->window[--queue->waiting].job;
    return true;
}

static size_t min(size_t a, size_t b) { return a < b ? a : b; }

/* The better of two kernels for that many streams. */
static const lane_kernel *faster(const lane_kernel *a, const lane_kernel *b, size_t streams) {
    size_t speed_a = min(streams, a->width) * a->rate * b->width;
    size_t speed_b = min(streams, b->width) * b->rate * a->width;
    return speed_b > speed_a ? b : a;
}

static const lane_kernel *fastest(const lane_kernel *many, const lane_kernel *one, size_t streams) {
    const lane_kernel *best = &many[0];
    for (size_t i = 1; i < LANE_CHOICES && many[i].width > 0; i++) {
        best = faster(best, &many[i], streams);
    }
    for (size_t i = 0; i < LANE_CHOICES && one[i].width > 0; i++) {
        best = faster(best, &one[i], streams);
    }
    return best;
}

/* Take the first lanes at work as far as the shortest of them goes. */
static void advance(const lane_kernel *kernel, lane *const busy[], size_t count) {
    uint32_t nobody[MAX_WORDS] = {
        0}; /* the state of idle lanes, which repeat the first lane's data */
    uint32_t *h[MAX_LANES];
    const uint8_t *data[MAX_LANES];
    size_t used = min(count, kernel->width), blocks = busy[0]->blocks;
    for (size_t i = 0; i < kernel->width; i++) {
        h[i] = i < used ? busy[i]->h : nobody;
        data[i] = i < used ? busy[i]->data : busy[0]->data;
        blocks = i < used ? min(blocks, busy[i]->blocks) : blocks;
    }
    kernel->compress(h, data, blocks);
    for (size_t i = 0; i < used; i++) {
        busy[i]->data += blocks * BLOCK_SIZE;
        busy[i]->blocks -= blocks;
    }
}

/* Give the free lanes new jobs, and list those with work to do. */
static size_t refill(work *work, queue *queue, lane lanes[], size_t width, lane *busy[]) {
    size_t count = 0;
    for (size_t slot = 0; slot < width; slot++) {
        lane *lane = &lanes[slot];
        if (lane->blocks == 0 && next_job(queue, work, &lane->job)) {
            work->start(work, slot, lane);
        }
        if (lane->blocks > 0) {
            busy[count++] = lane;
        }
    }
    return count;
}

static void run(work *work) {
    const kernel_choice choice = cosfast_kernel_chosen();
    const lane_kernel *many = choice.many->lanes[work->algorithm];
    const lane_kernel *one = choice.one->lanes[work->algorithm];
    size_t width = fastest(many, one, MAX_LANES)->width, count;
    lane lanes[MAX_LANES] = {{NULL, NULL, 0, 0}}, *busy[MAX_LANES];
    queue queue;
    queue.waiting = queue.taken = 0;
    while ((count = refill(work, &queue, lanes, width, busy)) > 0) {
        advance(fastest(many, one, count), busy, count);
        for (size_t i = 0; i < count; i++) {
            if (busy[i]->blocks == 0) {
                work->finish(work, (size_t)(busy[i] - lanes), busy[i]);
            }
        }
    }
}

/* Streams: each is one run of blocks into the caller's h. */
typedef struct {
    work work;
    cosfast_stream *streams;
} stream_work;

static size_t stream_length(const work *work, size_t job) {
    return ((const stream_work *)work)->streams[job].blocks;
}

static void start_stream(work *work, size_t slot, lane *lane) {
    cosfast_stream *stream = &((stream_work *)work)->streams[lane->job];
    (void)slot;
    lane->h = stream->h;
    lane->data = stream->data;
    lane->blocks = stream->blocks;
}

static void finish_stream(work *work, size_t slot, lane *lane) {
    (void)work, (void)slot, (void)lane; /* the result is where the caller wants it */
}

void cosfast_compress_many(cosfast_algorithm algorithm, cosfast_stream *streams, size_t count) {
    stream_work all = {{algorithm, count, stream_length, start_stream, finish_stream}, streams};
    run(&all.work);
}

/* Messages: the whole blocks where they lie, then one or two more for the padded end. */
typedef struct {
    uint32_t h[MAX_WORDS];
    uint8_t padded[2 * BLOCK_SIZE];
    bool at_end;
} message;

typedef struct {
    work work;
    const algorithm_traits *traits;
    const uint8_t *const *data;
    const size_t *len;
    uint8_t *digests;
    message slots[MAX_LANES];
} message_work;

static size_t message_length(const work *work, size_t job) {
    return ((const message_work *)work)->len[job] / BLOCK_SIZE + 1;
}

static void start_end(message_work *all, message *message, lane *lane) {
    size_t len = all->len[lane->job], whole = len - len % BLOCK_SIZE;
    const uint8_t *tail = whole < len ? all->data[lane->job] + whole : NULL;
    lane->blocks = cosfast_pad(message->padded, tail, len);
    lane->data = message->padded;
    message->at_end = true;
}

static void start_message(work *work, size_t slot, lane *lane) {
    message_work *all = (message_work *)work;
    message *message = &all->slots[slot];
    memcpy(message->h, all->traits->initial, sizeof message->h);
    message->at_end = false;
    lane->h = message->h;
    lane->data = all->data[lane->job];
    lane->blocks = all->len[lane->job] / BLOCK_SIZE;
    if (lane->blocks == 0) {
        start_end(all, message, lane);
    }
}

static void finish_message(work *work, size_t slot, lane *lane) {
    message_work *all = (message_work *)work;
    message *message = &all->slots[slot];
    if (message->at_end) {
        store_digest(all->digests + 4 * all->traits->words * lane->job, message->h,
                     all->traits->words);
    } else {
        start_end(all, message, lane);
    }
}

void cosfast_hash_many(cosfast_algorithm algorithm, const uint8_t *const data[], const size_t len[],
                       size_t count, uint8_t *digests) {
    message_work all;
    all.work = (work){algorithm, count, message_length, start_message, finish_message};
    all.traits = &cosfast_algorithms[algorithm];
    all.data = data;
    all.len = len;
    all.digests = digests;
    run(&all.work);
}
