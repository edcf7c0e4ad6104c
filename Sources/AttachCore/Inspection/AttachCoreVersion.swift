/// The version of this library and of the tool that is made of it.
public enum AttachCoreVersion {
    /// Three numbers (semver.org).
    public static let current = "0.1.0"
}
