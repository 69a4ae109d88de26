select row_id as image_occurrence_id, person_id, item as image_instance_uid,
    json_extract_string(extra, '$.study') as image_study_uid, json_extract_string(extra, '$.series') as image_series_uid,
    json_extract_string(extra, '$.modality') as modality_source_value, json_extract_string(extra, '$.path') as local_path,
    json_extract_string(extra, '$.sha256') as sha256, cast(json_extract(extra, '$.size') as bigint) as size,
    cast(json_extract(extra, '$.microns_per_pixel') as double) as microns_per_pixel, json_extract_string(extra, '$.slide') as slide_source_value,
    json_extract_string(extra, '$.scan') as scan_source_value,
    case_id as case_source_value, lineage
from holding where domain = 'image'
