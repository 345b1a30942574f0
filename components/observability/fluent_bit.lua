-- Gives every line the fields that the documented searches count on. Source: OBS-LOGS-6.
local SYNONYMS = { WARN = "WARNING", ERR = "ERROR", FATAL = "CRITICAL", SEVERE = "ERROR", TRACE = "DEBUG" }
local LEVELS = { "CRITICAL", "FATAL", "SEVERE", "ERROR", "WARNING", "WARN", "INFO", "DEBUG", "TRACE" }
local LEVEL_FIELDS = { "level", "levelname", "log.level", "severity", "log_level", "lvl" }
local TEXT_FIELDS = { "log", "message", "msg", "event" }

local function first(record, fields)
    for _, field in ipairs(fields) do
        if type(record[field]) == "string" and record[field] ~= "" then
            return record[field]
        end
    end
end

-- a word in capitals that stands alone
local function mentions(text, word)
    return text:find("%f[%w_]" .. word .. "%f[^%w_]") ~= nil
end

local function level(record, text)
    local given = first(record, LEVEL_FIELDS)
    if given then
        given = given:upper()
        return SYNONYMS[given] or given
    end
    for _, word in ipairs(LEVELS) do
        if mentions(text, word) then
            return SYNONYMS[word] or word
        end
    end
end

local function automation_type(kubernetes)
    local labels = kubernetes.labels or {}
    local app = labels.app or ""
    if app:find("^airflow") or labels.tier == "airflow" then
        return "airflow"
    end
    if kubernetes.namespace_name == "workflows" then
        return "workflow"
    end
end

local function state(record, text)
    if type(record.state) == "string" then
        return record.state:upper()
    end
    if mentions(text, "FAILED") then
        return "FAILED"
    end
    if record.level == "ERROR" or record.level == "CRITICAL" then
        return "ERROR"
    end
end

function contract(_, timestamp, record)
    local text = first(record, TEXT_FIELDS) or ""
    record.log = text
    record.level = level(record, text)
    record.automation_type = automation_type(record.kubernetes or {})
    if record.automation_type == "workflow" then
        record.state = state(record, text)
    end
    -- 2: the record changed, its time did not
    return 2, timestamp, record
end
