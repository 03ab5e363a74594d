"""CRC-64/NVME of a multipart upload as S3 has it: over the whole object. MiniStack makes a digest of the parts' digests."""

import base64

POLYNOMIAL = 0x9A6C9329AC4BC9B5


def _zero_byte_operator():
    columns = []
    for bit in range(64):
        crc = 1 << bit
        for _ in range(8):
            crc = crc >> 1 ^ POLYNOMIAL if crc & 1 else crc >> 1
        columns.append(crc)
    return columns


def apply(operator, crc):
    result = 0
    while crc:
        low = crc & -crc
        result ^= operator[low.bit_length() - 1]
        crc ^= low
    return result


def operator_of_zeros(length):
    """What so many bytes of zero behind some others make of their CRC: its columns, one a bit."""
    result = [1 << bit for bit in range(64)]
    operator = _zero_byte_operator()
    while length:
        if length & 1:
            result = [apply(operator, column) for column in result]
        operator = [apply(operator, column) for column in operator]
        length >>= 1
    return result


def combine(first, second, second_length):
    """CRC of two runs of bytes one after the other, from their CRCs and the second one's length."""
    return apply(operator_of_zeros(second_length), first) ^ second


def _whole(upload):
    crc = 0
    for number in sorted(upload["parts"]):
        part = upload["parts"][number]
        own = int.from_bytes(base64.b64decode(part["checksums"]["CRC64NVME"]), "big")
        crc = combine(crc, own, len(part["body"]))
    return base64.b64encode(crc.to_bytes(8, "big")).decode()


def register(s3):
    """Replaces the completion of uploads that were created with CRC64NVME."""
    original = s3._complete_multipart_upload

    def complete(bucket_name, key, body, query_params, headers=None):
        upload = s3._multipart_uploads.get(s3._qp(query_params, "uploadId"))
        if not upload or upload.get("checksum_algorithm") != "CRC64NVME":
            return original(bucket_name, key, body, query_params, headers)
        checksum = _whole(upload)
        given = (headers or {}).get("x-amz-checksum-crc64nvme")
        if given and given != checksum:
            message = "The CRC64NVME you specified did not match the calculated checksum."
            return s3._error("BadDigest", message, 400, f"/{bucket_name}/{key}")
        rest = {name: value for name, value in (headers or {}).items() if name != "x-amz-checksum-crc64nvme"}
        answer = original(bucket_name, key, body, query_params, rest)
        if answer[0] == 200:
            stored = s3._buckets[bucket_name]["objects"][key]
            stored["checksums"] = {"CRC64NVME": checksum}
            stored["checksum_type"] = "FULL_OBJECT"
        return answer

    s3._complete_multipart_upload = complete
