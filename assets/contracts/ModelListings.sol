// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title An author's word about a model: what it is called, which file it is, what a call costs,
///        in which token, to whom and where.
/// @notice Everything lives in events; storage only knows what is in force. There is no owner, no
///         fee and no custody: this contract never touches money, takes none, calls nobody and can
///         be changed by nobody. A listing is keyed by (sender, name), so names cannot be squatted.
///         Whether a listing is really the work of the Hub author it names is not decided here: see
///         the `souk-listing:` line in the Hub's description.
/// @dev    Only what no reader could make sense of is refused. Lengths are bounded so that every
///         reader can keep every listing whole; what the texts say, readers judge for themselves.
contract ModelListings {
    /// @notice A listing is in force from here on, in place of the owner's earlier one with this id.
    event Listed(
        address indexed owner,
        bytes32 indexed id,
        string author,
        string name,
        string blobId,
        uint256 price,
        address asset,
        address payTo,
        string endpoint
    );
    /// @notice It no longer is.
    event Delisted(address indexed owner, bytes32 indexed id);

    /// @notice The sender has no such listing in force.
    error NotListed(bytes32 id);
    /// @notice There is no name, so nothing is listed.
    error NoName();
    /// @notice `author`, `name`, `blobId` or `endpoint` is longer than it may be.
    error TooLong();
    /// @notice A price needs a token it is paid in, and somebody who gets it.
    error NobodyToPay();

    /// @dev The most bytes of each text.
    uint256 private constant AUTHOR_MAX = 256;
    uint256 private constant NAME_MAX = 512;
    uint256 private constant BLOB_ID_MAX = 128;
    uint256 private constant ENDPOINT_MAX = 512;

    /// @notice Whether a listing is in force, by id.
    mapping(bytes32 id => bool) public active;

    /// @notice Lists a model, or replaces the sender's earlier listing of the same name (another
    ///         price, a new version).
    /// @param author the author's name on the Hub; it may be empty
    /// @param name the model's name on the Hub, at least one byte
    /// @param blobId the Walrus blob ID of its file; empty for a model without one
    /// @param price of one call, in atomic units of `asset`; 0 for nothing
    /// @param asset the token it is paid in
    /// @param payTo who gets it
    /// @param endpoint where it is called; it may be empty
    /// @return id listingId(msg.sender, name)
    function list(
        string calldata author,
        string calldata name,
        string calldata blobId,
        uint256 price,
        address asset,
        address payTo,
        string calldata endpoint
    ) external returns (bytes32 id) {
        if (bytes(name).length == 0) revert NoName();
        if (
            bytes(author).length > AUTHOR_MAX || bytes(name).length > NAME_MAX
                || bytes(blobId).length > BLOB_ID_MAX || bytes(endpoint).length > ENDPOINT_MAX
        ) revert TooLong();
        if (price != 0 && (asset == address(0) || payTo == address(0))) revert NobodyToPay();
        id = listingId(msg.sender, name);
        active[id] = true;
        emit Listed(msg.sender, id, author, name, blobId, price, asset, payTo, endpoint);
    }

    /// @notice Takes the sender's listing of `name` back.
    function delist(string calldata name) external {
        bytes32 id = listingId(msg.sender, name);
        if (!active[id]) revert NotListed(id);
        active[id] = false;
        emit Delisted(msg.sender, id);
    }

    /// @notice What a listing is called in events and in `active`.
    function listingId(address owner, string calldata name) public pure returns (bytes32) {
        return keccak256(abi.encode(owner, name));
    }
}
