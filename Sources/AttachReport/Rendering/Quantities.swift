extension PageText {
    /// A duration with the precision that its size deserves, e.g. `2.9 ms` or `840 µs`.
    init(nanoseconds: Int64) {
        switch nanoseconds {
        case ..<1_000: self = "\(nanoseconds) ns"
        case ..<1_000_000: self = Self.scaled(nanoseconds, unit: 1_000, name: "µs")
        case ..<1_000_000_000: self = Self.scaled(nanoseconds, unit: 1_000_000, name: "ms")
        default: self = Self.scaled(nanoseconds, unit: 1_000_000_000, name: "s")
        }
    }

    /// How long something still takes or took, whatever its sign, e.g. `3.2 s`, `16 min 31 s` or
    /// `3 days 2 h`.
    init(duration nanoseconds: Int64) {
        let nanoseconds = Int64(clamping: nanoseconds.magnitude)
        let seconds = nanoseconds / 1_000_000_000
        switch seconds {
        case ..<60: self.init(nanoseconds: nanoseconds)
        case ..<3_600: self = "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400: self = "\(seconds / 3_600) h \(seconds / 60 % 60) min"
        default:
            let days = PageText(Int(clamping: seconds / 86_400), "day", "days")
            self = "\(days) \(seconds / 3_600 % 24) h"
        }
    }

    /// A size in decimal units, e.g. `12.6 MB`.
    init(byteCount: UInt64) {
        let count = Int64(clamping: byteCount)
        switch count {
        case ..<1_000: self = "\(count) bytes"
        case ..<1_000_000: self = Self.scaled(count, unit: 1_000, name: "kB")
        case ..<1_000_000_000: self = Self.scaled(count, unit: 1_000_000, name: "MB")
        default: self = Self.scaled(count, unit: 1_000_000_000, name: "GB")
        }
    }

    /// One decimal below ten, none above. Cut, not rounded, so that 999.9 ms never reads 1000.
    private static func scaled(_ value: Int64, unit: Int64, name: PageText) -> PageText {
        let whole = value / unit
        guard whole < 10 else { return "\(whole) \(name)" }
        return "\(whole).\((value % unit) * 10 / unit) \(name)"
    }

    /// A count with its noun, e.g. `1 task`, `2 tasks`.
    init(_ count: Int, _ singular: PageText, _ plural: PageText) {
        self = "\(count) \(count == 1 ? singular : plural)"
    }
}

/// A moment in Coordinated Universal Time, in the proleptic Gregorian calendar.
struct UTCTime {
    private(set) var year: Int64
    private(set) var month: Int64
    private(set) var day: Int64
    private(set) var hour: Int64
    private(set) var minute: Int64
    private(set) var second: Int64
    private(set) var nanosecond: Int64

    /// The moment so many nanoseconds after the start of 1970.
    init(nanosecondsSince1970 time: Int64) {
        let (seconds, nanosecond) = Self.floorDivide(time, 1_000_000_000)
        let (days, secondOfDay) = Self.floorDivide(seconds, 86_400)
        self.nanosecond = nanosecond
        hour = secondOfDay / 3_600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60

        // Count from 1 March of year 0, so that the leap day is the last day of a year; then
        // every 400 years have 146,097 days, and five months from March on have always 153.
        let (era, dayOfEra) = Self.floorDivide(days + 719_468, 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// `2026-01-02 03:04:05Z`, for people.
    var text: PageText {
        "\(date) \(clock)Z"
    }

    /// `2026-01-02T03:04:05.000000000Z` (RFC 3339), for machines.
    var timestamp: String {
        let fraction = Self.padded(nanosecond, to: 9)
        return ("\(date)T\(clock)." as PageText).string + fraction + "Z"
    }

    private var date: PageText {
        "\(Self.padded(year, to: 4))-\(Self.padded(month, to: 2))-\(Self.padded(day, to: 2))"
    }

    private var clock: PageText {
        "\(Self.padded(hour, to: 2)):\(Self.padded(minute, to: 2)):\(Self.padded(second, to: 2))"
    }

    private static func padded(_ number: Int64, to width: Int) -> String {
        let digits = number.description
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func floorDivide(_ value: Int64, _ by: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
    }
}
