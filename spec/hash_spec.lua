local core = require "almanac.core"
local hash, text = core.hash, core.text

describe("core.hash", function()
  it("computes SHA-256 as FIPS 180-2 shows it", function()
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", hash.sha256 "abc")
    assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", hash.sha256 "")
    assert.equal("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", hash.sha256(("a"):rep(1000000)))
  end)

  it("computes MD5 as RFC 1321 shows it", function()
    assert.equal("900150983cd24fb0d6963f7d28e17f72", hash.md5 "abc")
    assert.equal("d41d8cd98f00b204e9800998ecf8427e", hash.md5 "")
  end)

  it("computes HMAC as RFC 4231 shows it, also for long and empty keys", function()
    local function hmac(key, data) return text.hex(hash.hmac_sha256(key, data)) end
    assert.equal("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", hmac(("\x0b"):rep(20), "Hi There"))
    assert.equal("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      hmac(("\xaa"):rep(131), "Test Using Larger Than Block-Size Key - Hash Key First"))
    assert.equal("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", hmac("", ""))
    assert.equal(hmac("", ""), hmac(("\0"):rep(64), ""))
  end)

  it("gives as many random bytes as asked, never the same", function()
    assert.equal("", hash.random(0))
    assert.equal(32, #hash.random(32))
    assert.not_equal(hash.random(32), hash.random(32))
    assert.has_error(function() hash.random(-1) end)
    assert.has_error(function() hash.random(1 << 40) end)
  end)
end)
