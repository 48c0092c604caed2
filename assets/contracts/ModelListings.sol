// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// An author's word about a model: what it is called, which file it is, what a call costs, in which
/// token, to whom and where. Everything lives in events; storage only knows what is active.
///
/// There is no owner, no fee and no custody: this contract never touches money. A listing is keyed
/// by (sender, name), so names cannot be squatted. Whether a listing is really the work of the Hub
/// author it names is not decided here: see the `souk-listing:` line in the Hub's description.
contract ModelListings {
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
    event Delisted(address indexed owner, bytes32 indexed id);

    error NotListed(bytes32 id);

    /// Whether a listing is in force, by id.
    mapping(bytes32 => bool) public active;

    /// Lists a model, or replaces the sender's earlier listing of the same name (a new price, a new
    /// version). `price` is in atomic units of `asset` per call.
    function list(
        string calldata author,
        string calldata name,
        string calldata blobId,
        uint256 price,
        address asset,
        address payTo,
        string calldata endpoint
    ) external returns (bytes32 id) {
        id = listingId(msg.sender, name);
        active[id] = true;
        emit Listed(msg.sender, id, author, name, blobId, price, asset, payTo, endpoint);
    }

    /// Takes the sender's listing of `name` back.
    function delist(string calldata name) external {
        bytes32 id = listingId(msg.sender, name);
        if (!active[id]) revert NotListed(id);
        active[id] = false;
        emit Delisted(msg.sender, id);
    }

    function listingId(address owner, string calldata name) public pure returns (bytes32) {
        return keccak256(abi.encode(owner, name));
    }
}
