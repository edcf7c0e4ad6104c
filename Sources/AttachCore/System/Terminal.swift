import CLinux

/// What we write to.
public enum Terminal {
    /// Columns of the terminal behind a descriptor; nil where it is none.
    public static func columns(of descriptor: Int32) -> Int? {
        let columns = cl_terminal_width(descriptor)
        return columns > 0 ? Int(columns) : nil
    }
}
