/* Hashes many messages of one length with libipsec-mb: one job each, as its documentation says. */
#include <intel-ipsec-mb.h>

IMB_MGR *peer_manager(void) {
    IMB_MGR *manager = alloc_mb_mgr(0);
    if (manager != NULL) {
        init_mb_mgr_auto(manager, NULL);
    }
    return manager;
}

static int failed(const IMB_JOB *job) { return job != NULL && job->status != IMB_STATUS_COMPLETED; }

static IMB_JOB *submit(IMB_MGR *manager, int is_sha256, const uint8_t *data, size_t len,
                       uint8_t *digest) {
    IMB_JOB *job = IMB_GET_NEXT_JOB(manager);
    job->cipher_mode = IMB_CIPHER_NULL;
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->chain_order = IMB_ORDER_HASH_CIPHER;
    job->hash_alg = is_sha256 ? IMB_AUTH_SHA_256 : IMB_AUTH_SHA_1;
    job->src = data;
    job->hash_start_src_offset_in_bytes = 0;
    job->msg_len_to_hash_in_bytes = len;
    job->msg_len_to_cipher_in_bytes = 0;
    job->auth_tag_output = digest;
    job->auth_tag_output_len_in_bytes =
        is_sha256 ? IMB_SHA256_DIGEST_SIZE_IN_BYTES : IMB_SHA1_DIGEST_SIZE_IN_BYTES;
    return IMB_SUBMIT_JOB(manager);
}

/* The number of jobs that failed. */
int peer_digest_many(IMB_MGR *manager, int is_sha256, const uint8_t *const data[], size_t len,
                     size_t count, uint8_t *digests) {
    const size_t size = is_sha256 ? IMB_SHA256_DIGEST_SIZE_IN_BYTES : IMB_SHA1_DIGEST_SIZE_IN_BYTES;
    int failures = 0;
    IMB_JOB *job;
    for (size_t i = 0; i < count; i++) {
        failures += failed(submit(manager, is_sha256, data[i], len, digests + i * size));
    }
    while ((job = IMB_FLUSH_JOB(manager)) != NULL) {
        failures += failed(job);
    }
    return failures;
}
