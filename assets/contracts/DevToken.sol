// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What the devnet's tokens have in common: EIP-20, EIP-2612, and a replay entry through which the
/// deployer writes the market's history in batches. A double for the devnet only.
interface ISettledMark {
    function mark() external;
}

interface IMover {
    function move(bool authorized, address from, address to, uint256 value) external;
}

abstract contract DevToken {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    bytes32 public constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    string public name;
    string public version;
    string public symbol;
    uint8 public immutable decimals;
    address public immutable deployer;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => uint256) public nonces;

    constructor(string memory name_, string memory version_, string memory symbol_, uint8 decimals_) {
        name = name_;
        version = version_;
        symbol = symbol_;
        decimals = decimals_;
        deployer = msg.sender;
    }

    /// Doubles that move money as history tells; and whose transfers are known by their sender alone.
    address public constant CHANNELS = 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003;
    address public constant ESCROW = 0xBdEA0D1bcC5966192B070Fdf62aB4EF5b4420cff;
    address public constant CLEARER = 0x90F79bf6EB2c4f870365E785982E1f101E93b906;

    modifier onlyDeployer() {
        require(msg.sender == deployer, "devnet: only the deployer");
        _;
    }

    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                block.chainid,
                address(this)
            )
        );
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        require(allowed >= value, "ERC20: transfer amount exceeds allowance");
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - value;
        _transfer(from, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        require(block.timestamp <= deadline, "EIP2612: permit is expired");
        bytes32 hash = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonces[owner]++, deadline));
        require(_signer(hash, v, r, s) == owner, "EIP2612: invalid signature");
        _approve(owner, spender, value);
    }

    /// Devnet money out of nothing.
    function mint(address to, uint256 value) external onlyDeployer {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    /// Writes history. `records` are packed as kind(1) from(20) to(20) value(12); every record moves
    /// the balance and emits exactly what the real path emits, in the same order.
    /// Kind 0 is a plain transfer; the others are the token's own affair.
    function replay(bytes calldata records) external {
        require(msg.sender == deployer || msg.sender == CLEARER, "devnet: only who writes history");
        require(records.length % 53 == 0, "devnet: bad records");
        for (uint256 at = 0; at < records.length; at += 53) {
            uint8 kind = uint8(records[at]);
            address from = address(bytes20(records[at + 1:at + 21]));
            address to = address(bytes20(records[at + 21:at + 41]));
            uint256 value = uint96(bytes12(records[at + 41:at + 53]));
            if (kind == 0) _transfer(from, to, value);
            else _replay(kind, from, to, value, at);
        }
    }

    function _replay(uint8 kind, address from, address to, uint256 value, uint256 salt) internal virtual;

    /// A movement by one of the doubles; authorized: as by the payer's EIP-3009 signature.
    function move(bool authorized, address from, address to, uint256 value) external {
        require(msg.sender == CHANNELS || msg.sender == ESCROW, "devnet: only the doubles");
        if (authorized) _replay(1, from, to, value, 0);
        else _transfer(from, to, value);
    }

    function _transfer(address from, address to, uint256 value) internal {
        uint256 balance = balanceOf[from];
        require(balance >= value, "ERC20: transfer amount exceeds balance");
        unchecked {
            balanceOf[from] = balance - value;
            balanceOf[to] += value;
        }
        emit Transfer(from, to, value);
    }

    function _approve(address owner, address spender, uint256 value) internal {
        allowance[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    function _signer(bytes32 structHash, uint8 v, bytes32 r, bytes32 s) internal view returns (address signer) {
        require(
            uint256(s) <= 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0 && (v == 27 || v == 28),
            "ECRecover: invalid signature"
        );
        signer = ecrecover(keccak256(abi.encodePacked(hex"1901", DOMAIN_SEPARATOR(), structHash)), v, r, s);
        require(signer != address(0), "ECRecover: invalid signature");
    }
}
